{{/* Names, labels and images. Every template takes them from here. */}}

{{- define "cxone-data-actions.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "cxone-data-actions.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "cxone-data-actions.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "cxone-data-actions.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "cxone-data-actions.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "cxone-data-actions.watchNamespace" -}}
{{- default (include "cxone-data-actions.namespace" .) .Values.watchNamespace -}}
{{- end -}}

{{- define "cxone-data-actions.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "cxone-data-actions.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* What never changes while a release lives. Takes {root, component}. */}}
{{- define "cxone-data-actions.selectorLabels" -}}
app.kubernetes.io/name: {{ include "cxone-data-actions.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Each label once: what selects stays, and otherwise the more special goes first. Takes {root, component} and maybe {labels}. */}}
{{- define "cxone-data-actions.labels" -}}
{{- $chart := printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" -}}
{{- $usual := dict "helm.sh/chart" $chart "app.kubernetes.io/version" .root.Chart.AppVersion "app.kubernetes.io/part-of" "cxone-data-actions" "app.kubernetes.io/managed-by" .root.Release.Service -}}
{{- toYaml (merge (include "cxone-data-actions.stableLabels" . | fromYaml) $usual) -}}
{{- end -}}

{{/* The same without those that another version changes, for pods that a new chart alone is no reason to restart. */}}
{{- define "cxone-data-actions.stableLabels" -}}
{{- toYaml (merge (include "cxone-data-actions.selectorLabels" . | fromYaml) (default (dict) .labels) (default (dict) .root.Values.commonLabels)) -}}
{{- end -}}

{{/* metadata of an object. Takes {root, component, name} and maybe {namespace, clusterWide, labels, annotations}. */}}
{{- define "cxone-data-actions.metadata" -}}
name: {{ .name | quote }}
{{- if not .clusterWide }}
namespace: {{ default (include "cxone-data-actions.namespace" .root) .namespace | quote }}
{{- end }}
labels:
  {{- include "cxone-data-actions.labels" . | nindent 2 }}
{{- with merge (dict) (default (dict) .annotations) (default (dict) .root.Values.commonAnnotations) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Takes {image, tag}: the values of an image, and the tag where they name none. */}}
{{- define "cxone-data-actions.image" -}}
{{- $name := .image.repository -}}
{{- with .image.registry }}{{ $name = printf "%s/%s" . $name }}{{ end -}}
{{- with default .tag .image.tag }}{{ $name = printf "%s:%s" $name . }}{{ end -}}
{{- with .image.digest }}{{ $name = printf "%s@%s" $name . }}{{ end -}}
{{- $name -}}
{{- end -}}

{{- define "cxone-data-actions.appImage" -}}
{{- include "cxone-data-actions.image" (dict "image" .Values.image "tag" .Chart.AppVersion) -}}
{{- end -}}
