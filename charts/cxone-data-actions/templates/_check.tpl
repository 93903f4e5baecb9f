{{/* What cannot work is refused here, in a sentence that says what to do. */}}

{{- define "cxone-data-actions.check" -}}
{{- include "cxone-data-actions.checkDrain" . -}}
{{- include "cxone-data-actions.checkScaling" . -}}
{{- include "cxone-data-actions.checkRedis" . -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.enabled needs a Gateway in httpRoute.parentRefs" -}}
{{- end -}}
{{- if and .Values.schemaJob.enabled (not .Values.schemaJob.existingSecret) -}}
{{- fail "schemaJob.existingSecret is needed with schemaJob.enabled: the Secret with a login that may create tables" -}}
{{- end -}}
{{- end -}}

{{- define "cxone-data-actions.checkDrain" -}}
{{- $drain := .Values.drain -}}
{{- /* What the handler takes to let go of its connections, and the controller of its Lease; then a margin. */ -}}
{{- $closing := 9 -}}
{{- $needed := add (int64 $drain.endpointsSeconds) (int64 $drain.connectionsSeconds) (int64 $drain.requestsSeconds) $closing -}}
{{- if lt (int64 .Values.terminationGracePeriodSeconds) $needed -}}
{{- fail (printf "terminationGracePeriodSeconds is %d and has to be at least %d: drain.endpointsSeconds + drain.connectionsSeconds + drain.requestsSeconds, and %d to close everything" (int64 .Values.terminationGracePeriodSeconds) $needed $closing) -}}
{{- end -}}
{{- if gt (int64 (include "cxone-data-actions.drainDelayMs" .)) 60000 -}}
{{- fail "drain.endpointsSeconds + drain.connectionsSeconds: at most 60 where the handler itself waits" -}}
{{- end -}}
{{- if and (eq $drain.method "preStop") (semverCompare "<1.30.0-0" .Capabilities.KubeVersion.Version) -}}
{{- fail "drain.method=preStop needs Kubernetes 1.30 or newer: leave it at auto, or take app" -}}
{{- end -}}
{{- end -}}

{{- define "cxone-data-actions.checkScaling" -}}
{{- if and .Values.autoscaling.enabled .Values.keda.enabled -}}
{{- fail "autoscaling.enabled and keda.enabled: KEDA makes a HorizontalPodAutoscaler of its own, so choose one of them" -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (gt (int64 .Values.autoscaling.minReplicas) (int64 .Values.autoscaling.maxReplicas)) -}}
{{- fail "autoscaling.minReplicas has to be at most autoscaling.maxReplicas" -}}
{{- end -}}
{{- if and .Values.keda.enabled (gt (int64 .Values.keda.minReplicas) (int64 .Values.keda.maxReplicas)) -}}
{{- fail "keda.minReplicas has to be at most keda.maxReplicas" -}}
{{- end -}}
{{- if and .Values.keda.enabled (not .Values.keda.triggers) -}}
{{- fail "keda.enabled needs at least one trigger in keda.triggers" -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (not (dig "requests" "cpu" "" .Values.handler.resources)) -}}
{{- fail "autoscaling.enabled needs handler.resources.requests.cpu: its target is a share of it" -}}
{{- end -}}
{{- end -}}

{{- define "cxone-data-actions.checkRedis" -}}
{{- $external := .Values.externalRedis -}}
{{- if and .Values.redis.enabled (or $external.url $external.host $external.urlKey) -}}
{{- fail "externalRedis is given while redis.enabled is true: set redis.enabled=false to use it" -}}
{{- end -}}
{{- if and $external.urlKey (not $external.existingSecret) -}}
{{- fail "externalRedis.urlKey needs externalRedis.existingSecret, the Secret that has this key" -}}
{{- end -}}
{{- if gt (len (compact (list $external.url $external.host $external.urlKey))) 1 -}}
{{- fail "externalRedis.url, externalRedis.host and externalRedis.urlKey: one of them at most" -}}
{{- end -}}
{{- end -}}
