{{/* What of sizes could never work is refused, in a sentence that says what would. */}}

{{- define "cxone-data-actions.checkSizes" -}}
{{- include "cxone-data-actions.checkSettings" . -}}
{{- include "cxone-data-actions.checkMemory" . -}}
{{- if and .Values.autoscaling.enabled (not .Values.autoscaling.extraMetrics) -}}
{{- include "cxone-data-actions.checkTarget" . -}}
{{- end -}}
{{- end -}}

{{/* A quantity of Kubernetes as a number. */}}
{{- define "cxone-data-actions.amount" -}}
{{- $text := include "cxone-data-actions.text" . -}}
{{- $units := dict "n" 1e-9 "u" 1e-6 "m" 1e-3 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18 -}}
{{- range $power, $unit := list "Ki" "Mi" "Gi" "Ti" "Pi" "Ei" -}}
{{- $bytes := 1024.0 -}}
{{- range until $power -}}{{- $bytes = mulf $bytes 1024.0 -}}{{- end -}}
{{- $_ := set $units $unit $bytes -}}
{{- end -}}
{{- mulf (regexFind "^[0-9.]+" $text | float64) (dig (regexFind "[a-zA-Z]*$" $text) 1.0 $units) -}}
{{- end -}}

{{/* Settings of the handler that are compared: as the environment has them, empty where only a Secret or ConfigMap knows, or the code's default. */}}
{{- define "cxone-data-actions.compared" -}}
{{- $settings := dict "DATABASE_POOL_MIN" "5" "DATABASE_POOL_MAX" "25" "BODY_BYTES_MAX" "65536" "BODY_BYTES_IN_FLIGHT_MAX" "16777216" "MEMORY_CACHE_BYTES" "67108864" -}}
{{- range $variable := include "cxone-data-actions.handlerEnv" . | fromYamlArray -}}
{{- if hasKey $settings $variable.name -}}{{- $_ := set $settings $variable.name (default "" $variable.value) -}}{{- end -}}
{{- end -}}
{{- toYaml $settings -}}
{{- end -}}

{{/* The handler would not start. */}}
{{- define "cxone-data-actions.checkSettings" -}}
{{- $settings := include "cxone-data-actions.compared" . | fromYaml -}}
{{- range $less, $more := dict "DATABASE_POOL_MIN" "DATABASE_POOL_MAX" "BODY_BYTES_MAX" "BODY_BYTES_IN_FLIGHT_MAX" -}}
{{- $few := get $settings $less -}}
{{- $many := get $settings $more -}}
{{- if and $few $many (gt (int64 $few) (int64 $many)) -}}
{{- fail (printf "handler.settings: %s is %s and has to be at most %s, which is %s" $less $few $more $many) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Full, a cache would end its process. */}}
{{- define "cxone-data-actions.checkMemory" -}}
{{- $limit := dig "limits" "memory" "" (default (dict) .Values.handler.resources) -}}
{{- $cache := get (include "cxone-data-actions.compared" . | fromYaml) "MEMORY_CACHE_BYTES" -}}
{{- if and $limit $cache -}}
{{- $heap := mulf (include "cxone-data-actions.amount" $limit | float64) (divf .Values.handler.heapPercent 100.0) -}}
{{- if ge (float64 $cache) $heap -}}
{{- fail (printf "handler.settings: MEMORY_CACHE_BYTES is %s, and the heap that it is in has %.0f: handler.heapPercent of handler.resources.limits.memory. docs/operate.md (Memory) says how much the limit has to be" $cache $heap) -}}
{{- end -}}
{{- end -}}
{{- with dig "limits" "memory" "" (default (dict) .Values.redis.resources) -}}
{{- if and $.Values.redis.enabled (le (include "cxone-data-actions.amount" . | float64) (mulf $.Values.redis.maxMemoryMegabytes 1048576.0)) -}}
{{- fail (printf "redis.resources.limits.memory is %v and has to be more than redis.maxMemoryMegabytes, which is %d: left out, it is one and a half times as much and 32Mi" . (int64 $.Values.redis.maxMemoryMegabytes)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The autoscaler would never add a pod: a handler uses one core, or what it may, and nothing happens below 1.1 times the target. */}}
{{- define "cxone-data-actions.checkTarget" -}}
{{- $resources := .Values.handler.resources -}}
{{- $most := 1.0 -}}
{{- with dig "limits" "cpu" "" $resources -}}
{{- $most = minf 1.0 (include "cxone-data-actions.amount" . | float64) -}}
{{- end -}}
{{- $request := include "cxone-data-actions.amount" $resources.requests.cpu | float64 -}}
{{- $highest := divf $most $request | mulf 100.0 1.0 -}}
{{- $highest = divf $highest 1.1 | floor | int64 -}}
{{- if gt (int64 .Values.autoscaling.targetCPUUtilization) $highest -}}
{{- fail (printf "autoscaling.targetCPUUtilization is %d and has to be at most %d: a handler uses %.0fm at most, and handler.resources.requests.cpu is %v" (int64 .Values.autoscaling.targetCPUUtilization) $highest (mulf 1000.0 $most) $resources.requests.cpu) -}}
{{- end -}}
{{- end -}}
