{{/* What an installation lacks, one item a line, for people. Secrets are looked up where Helm keeps its own, and nowhere else. */}}
{{- define "cxone-data-actions.missing" -}}
{{- $namespace := include "cxone-data-actions.namespace" . -}}
{{- $secret := include "cxone-data-actions.databaseSecret" . -}}
{{- if not .Values.database.existingSecret }}
- database.existingSecret names no Secret, so pods wait for one named {{ $secret }}:
    kubectl -n {{ $namespace }} create secret generic {{ $secret }} --from-literal={{ .Values.database.urlKey }}='postgres://LOGIN:PASSWORD@HOST/DATABASE'
{{- else if and .Release.IsInstall (eq $namespace .Release.Namespace) (not (lookup "v1" "Secret" $namespace $secret)) }}
- Secret {{ $secret }} with key {{ .Values.database.urlKey }}; pods wait for it
{{- end }}
{{- if and .Release.IsInstall (not .Values.schemaJob.enabled) }}
- maybe the schema: apply deploy/sql in the order of its numbers, or set schemaJob.enabled
{{- end }}
{{- if not (or .Values.crds.enabled (.Capabilities.APIVersions.Has "dataactions.dev/v1alpha1/DataActionConfig")) }}
- the CRD, without which pods wait in Init: kubectl apply --server-side -f deploy/crds, or set crds.enabled
{{- end }}
{{- if not .Values.rbac.create }}
- Roles of the controller, as rbac.create is false: see deploy/rbac
{{- end }}
{{- if and (not .Values.redis.enabled) (not .Values.externalRedis.url) (not .Values.externalRedis.host) (not .Values.externalRedis.urlKey) }}
- a Redis: each pod caches for itself, and shares no rate with the others
{{- end }}
{{- if and .Values.redis.enabled (not .Values.redis.existingSecret) }}
- a password for Redis, which holds customers' rows: set redis.existingSecret. {{ if .Values.networkPolicy.redis -}}
Without it, only a NetworkPolicy keeps other pods out, where the network of this cluster enforces it
{{- else -}}
WITHOUT IT, ANY POD OF THIS CLUSTER CAN READ THEM
{{- end }}
{{- end }}
{{- range $name, $kind := dict "serviceMonitor" "ServiceMonitor" "prometheusRule" "PrometheusRule" }}
{{- $values := index $.Values $name }}
{{- if and $values.enabled (not (include "cxone-data-actions.monitored" (dict "root" $ "values" $values "name" $name "kind" $kind))) }}
- {{ $kind }}: this cluster has no monitoring.coreos.com/v1 ({{ $name }}.renderMode says to leave it out then)
{{- end }}
{{- end }}
{{- $least := dict "name" "replicaCount" "pods" .Values.replicaCount }}
{{- if .Values.autoscaling.enabled }}{{ $least = dict "name" "autoscaling.minReplicas" "pods" .Values.autoscaling.minReplicas }}{{ end }}
{{- if .Values.keda.enabled }}{{ $least = dict "name" "keda.minReplicas" "pods" .Values.keda.minReplicas }}{{ end }}
{{- if lt (int64 $least.pods) 2 }}
- a second pod: with {{ $least.name }} {{ int64 $least.pods }}, a node that goes takes the service with it
{{- end }}
{{- if not .Values.tests.existingSecret }}
- a tenant for `helm test`: set tests.existingSecret and tests.tenantId
{{- end }}
{{- end -}}
