{{/* The handler's container: database and Redis, no API token, the bundle to read. */}}

{{- define "cxone-data-actions.handler" -}}
name: handler
image: {{ include "cxone-data-actions.appImage" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args: [handler]
env:
  {{- include "cxone-data-actions.handlerEnv" . | nindent 2 }}
ports:
  - name: http
    containerPort: 8080
  - name: admin
    containerPort: 8081
startupProbe:
  httpGet: {path: /startupz, port: admin}
  {{- toYaml .Values.handler.startupProbe | nindent 2 }}
readinessProbe:
  httpGet: {path: /readyz, port: admin}
  {{- toYaml .Values.handler.readinessProbe | nindent 2 }}
livenessProbe:
  httpGet: {path: /livez, port: admin}
  {{- toYaml .Values.handler.livenessProbe | nindent 2 }}
{{- if include "cxone-data-actions.preStop" . }}
lifecycle:
  # While this lasts the pod leaves the endpoints, and the handler serves as if nothing were.
  preStop: {sleep: {seconds: {{ int64 .Values.drain.endpointsSeconds }}}}
{{- end }}
resources:
  {{- toYaml .Values.handler.resources | nindent 2 }}
securityContext:
  {{- include "cxone-data-actions.securityContext" (dict "root" . "context" .Values.containerSecurityContext) | nindent 2 }}
volumeMounts:
  - name: bundle
    mountPath: /run/data-actions
    readOnly: true
  {{- if .Values.database.caKey }}
  - name: database-ca
    mountPath: /run/database-ca
    readOnly: true
  {{- end }}
  {{- if include "cxone-data-actions.redisCa" . }}
  - name: redis-ca
    mountPath: /run/redis-ca
    readOnly: true
  {{- end }}
  {{- with .Values.handler.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "cxone-data-actions.handlerEnv" -}}
- name: PORT
  value: "8080"
- name: ADMIN_PORT
  value: "8081"
- name: BUNDLE_DIR
  value: /run/data-actions
{{- with include "cxone-data-actions.databaseEnv" . | trim }}{{ . | nindent 0 }}{{ end }}
{{- with include "cxone-data-actions.redisEnv" . | trim }}{{ . | nindent 0 }}{{ end }}
- name: PODS_MAX
  value: {{ include "cxone-data-actions.podsMax" . | quote }}
- name: DRAIN_DELAY_MS
  value: {{ include "cxone-data-actions.drainDelayMs" . | quote }}
- name: DRAIN_TIMEOUT_MS
  value: {{ mul 1000 (int64 .Values.drain.requestsSeconds) | quote }}
# Node takes a heap larger than a small container otherwise, and is killed without a word.
- name: NODE_OPTIONS
  value: {{ printf "--max-old-space-size-percentage=%d %s" (int64 .Values.handler.heapPercent) .Values.handler.nodeOptions | trim | quote }}
{{- with include "cxone-data-actions.settings" .Values.handler.settings | trim }}{{ . | nindent 0 }}{{ end }}
{{- with .Values.handler.extraEnv }}
{{- tpl (toYaml .) $ | nindent 0 }}
{{- end }}
{{- end -}}
