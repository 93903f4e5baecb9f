{{/* What pods and containers have in common: contexts, environment, probes. */}}

{{- define "cxone-data-actions.onOpenShift" -}}
{{- if or (eq .Values.openshift.adapt "force") (and (eq .Values.openshift.adapt "auto") (.Capabilities.APIVersions.Has "security.openshift.io/v1")) -}}
true
{{- end -}}
{{- end -}}

{{/* A security context, on OpenShift without the ids that it hands out by itself. Takes {root, context}. */}}
{{- define "cxone-data-actions.securityContext" -}}
{{- $context := .context -}}
{{- if include "cxone-data-actions.onOpenShift" .root -}}
{{- $context = omit $context "runAsUser" "runAsGroup" "fsGroup" -}}
{{- end -}}
{{- toYaml $context -}}
{{- end -}}

{{/* A number of values.yaml is a float to Helm, and a large one would be written with an exponent. */}}
{{- define "cxone-data-actions.text" -}}
{{- if kindIs "float64" . -}}
{{- if eq . (floor .) }}{{ int64 . }}{{ else }}{{ . }}{{ end -}}
{{- else -}}
{{- . -}}
{{- end -}}
{{- end -}}

{{/* A map of settings as environment. */}}
{{- define "cxone-data-actions.settings" -}}
{{- range $name, $value := . }}
{{- if ne $value nil }}
- name: {{ $name }}
  value: {{ include "cxone-data-actions.text" $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* How many pods there can be. */}}
{{- define "cxone-data-actions.podsMax" -}}
{{- if .Values.autoscaling.enabled }}{{ int64 .Values.autoscaling.maxReplicas }}
{{- else if .Values.keda.enabled }}{{ int64 .Values.keda.maxReplicas }}
{{- else }}{{ max 1 (int64 .Values.replicaCount) }}{{ end -}}
{{- end -}}

{{- define "cxone-data-actions.preStop" -}}
{{- $method := .Values.drain.method -}}
{{- if or (eq $method "preStop") (and (eq $method "auto") (semverCompare ">=1.30.0-0" .Capabilities.KubeVersion.Version)) -}}
true
{{- end -}}
{{- end -}}

{{/* Milliseconds in which a handler that was told to stop still serves everything. */}}
{{- define "cxone-data-actions.drainDelayMs" -}}
{{- $seconds := int64 .Values.drain.connectionsSeconds -}}
{{- if not (include "cxone-data-actions.preStop" .) }}{{ $seconds = add $seconds (int64 .Values.drain.endpointsSeconds) }}{{ end -}}
{{- mul 1000 $seconds -}}
{{- end -}}
