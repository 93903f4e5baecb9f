{{/* The memory that was asked for, half of it more for fragments and buffers, and a little for the program. */}}
{{- define "cxone-data-actions.redisResources" -}}
{{- $enough := printf "%dMi" (add 32 (div (mul 3 (int64 .Values.redis.maxMemoryMegabytes)) 2)) -}}
{{- $resources := default (dict) .Values.redis.resources -}}
{{- $memory := dig "limits" "memory" $enough $resources -}}
{{- toYaml (mergeOverwrite (dict "requests" (dict "cpu" "50m" "memory" $memory) "limits" (dict "memory" $memory)) (deepCopy $resources)) -}}
{{- end -}}
