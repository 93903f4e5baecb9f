{{/* Whether an object of the Prometheus operator is rendered, or a sentence why it cannot be. Takes {root, values, name, kind}. */}}
{{- define "cxone-data-actions.monitored" -}}
{{- $there := .root.Capabilities.APIVersions.Has (printf "monitoring.coreos.com/v1/%s" .kind) -}}
{{- if and .values.enabled (eq .values.renderMode "failIfMissing") (not $there) -}}
{{- fail (printf "%s.renderMode is failIfMissing, and this cluster has no %s of monitoring.coreos.com/v1: install the Prometheus operator, or choose skipIfMissing" .name .kind) -}}
{{- end -}}
{{- if and .values.enabled (or $there (eq .values.renderMode "alwaysRender")) -}}
true
{{- end -}}
{{- end -}}
