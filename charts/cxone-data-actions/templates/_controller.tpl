{{/* The controller's container: the only one with an API token, the only one that can write the bundle. */}}

{{- define "cxone-data-actions.controller" -}}
name: controller
image: {{ include "cxone-data-actions.appImage" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args: [controller]
{{- if .Values.sidecar.native }}
# A native sidecar: the handler starts when there is a first bundle, and ends before this one does.
restartPolicy: Always
{{- end }}
env:
  {{- include "cxone-data-actions.controllerEnv" . | nindent 2 }}
ports:
  - name: controller
    containerPort: 8082
startupProbe:
  httpGet: {path: /startupz, port: controller}
  {{- toYaml .Values.controller.startupProbe | nindent 2 }}
livenessProbe:
  httpGet: {path: /livez, port: controller}
  {{- toYaml .Values.controller.livenessProbe | nindent 2 }}
resources:
  {{- toYaml .Values.controller.resources | nindent 2 }}
securityContext:
  {{- include "cxone-data-actions.securityContext" (dict "root" . "context" .Values.containerSecurityContext) | nindent 2 }}
volumeMounts:
  - name: bundle
    mountPath: /run/data-actions
  - name: api-access
    mountPath: /var/run/secrets/kubernetes.io/serviceaccount
    readOnly: true
  {{- with .Values.controller.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "cxone-data-actions.controllerEnv" -}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
{{- with .Values.watchNamespace }}
- name: WATCH_NAMESPACE
  value: {{ quote . }}
{{- end }}
- name: LEASE_NAME
  value: {{ include "cxone-data-actions.fullname" . | quote }}
- name: SECRETS_WATCH
  value: {{ ternary "named" "all" (not (empty .Values.rbac.secretNames)) }}
- name: BUNDLE_DIR
  value: /run/data-actions
- name: HANDLER_ADMIN_URL
  value: http://127.0.0.1:8081
- name: CONTROLLER_ADMIN_PORT
  value: "8082"
# Node sizes its heap for a machine of its own otherwise, and glibc keeps what was freed: see docs/performance.md.
- name: NODE_OPTIONS
  value: {{ printf "--max-semi-space-size=1 --max-old-space-size-percentage=%d %s" (int64 .Values.controller.heapPercent) .Values.controller.nodeOptions | trim | quote }}
- name: MALLOC_ARENA_MAX
  value: "1"
- name: MALLOC_MMAP_THRESHOLD_
  value: "65536"
- name: MALLOC_TRIM_THRESHOLD_
  value: "65536"
- name: UV_THREADPOOL_SIZE
  value: "2"
{{- with include "cxone-data-actions.settings" .Values.controller.settings | trim }}{{ . | nindent 0 }}{{ end }}
{{- with .Values.controller.extraEnv }}
{{- tpl (toYaml .) $ | nindent 0 }}
{{- end }}
{{- end -}}
