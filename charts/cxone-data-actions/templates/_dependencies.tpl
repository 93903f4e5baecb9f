{{/* How the handler comes by PostgreSQL and Redis. Passwords come from Secrets and stand in no manifest. */}}

{{- define "cxone-data-actions.databaseSecret" -}}
{{- default (printf "%s-database" (include "cxone-data-actions.fullname" .)) .Values.database.existingSecret -}}
{{- end -}}

{{- define "cxone-data-actions.databaseEnv" -}}
- name: DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ include "cxone-data-actions.databaseSecret" . | quote }}, key: {{ quote .Values.database.urlKey }}}}
{{- with .Values.database.listenUrlKey }}
- name: DATABASE_LISTEN_URL
  valueFrom: {secretKeyRef: {name: {{ include "cxone-data-actions.databaseSecret" $ | quote }}, key: {{ quote . }}, optional: true}}
{{- end }}
{{- if .Values.database.caKey }}
- name: DATABASE_CA_FILE
  value: /run/database-ca/ca.crt
{{- end }}
{{- end -}}

{{- define "cxone-data-actions.redisName" -}}
{{ include "cxone-data-actions.fullname" . }}-redis
{{- end -}}

{{/* The authority of an external Redis. */}}
{{- define "cxone-data-actions.redisCa" -}}
{{- if and (not .Values.redis.enabled) .Values.externalRedis.existingSecret .Values.externalRedis.caKey -}}
true
{{- end -}}
{{- end -}}

{{- define "cxone-data-actions.redisEnv" -}}
{{- $external := .Values.externalRedis -}}
{{- if .Values.redis.enabled }}
- name: REDIS_URL
  value: redis://{{ include "cxone-data-actions.redisName" . }}:6379
{{- with .Values.redis.existingSecret }}
- name: REDIS_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ quote . }}, key: {{ quote $.Values.redis.passwordKey }}}}
{{- end }}
{{- else }}
{{- if $external.urlKey }}
- name: REDIS_URL
  valueFrom: {secretKeyRef: {name: {{ quote $external.existingSecret }}, key: {{ quote $external.urlKey }}}}
{{- else if $external.url }}
- name: REDIS_URL
  value: {{ $external.url | quote }}
{{- else if $external.host }}
- name: REDIS_URL
  {{- $host := ternary (printf "[%s]" (trimAll "[]" $external.host)) $external.host (contains ":" $external.host) }}
  value: {{ printf "%s://%s:%d" (ternary "rediss" "redis" $external.tls) $host (int64 $external.port) | quote }}
{{- end }}
{{- if and $external.existingSecret $external.passwordKey }}
- name: REDIS_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ quote $external.existingSecret }}, key: {{ quote $external.passwordKey }}}}
{{- end }}
{{- if include "cxone-data-actions.redisCa" . }}
- name: REDIS_CA_FILE
  value: /run/redis-ca/ca.crt
{{- end }}
{{- end }}
{{- end -}}

{{/* Where an external Redis listens, as a list: as its URLs say, or as values do where the URL is in a Secret. */}}
{{- define "cxone-data-actions.externalRedisPorts" -}}
{{- $ports := list -}}
{{- range compact (splitList "," (default "" .Values.externalRedis.url)) -}}
{{- $ports = append $ports (regexFind ":[0-9]+(/[0-9]*)?$" . | trimPrefix ":" | splitList "/" | first | default "6379" | int64) -}}
{{- end -}}
{{- toJson (default (list (int64 .Values.externalRedis.port)) (uniq $ports)) -}}
{{- end -}}
