{{/* What cannot work is refused here, in a sentence that says what to do. */}}

{{- define "cxone-data-actions.check" -}}
{{- include "cxone-data-actions.checkName" . -}}
{{- include "cxone-data-actions.checkDrain" . -}}
{{- include "cxone-data-actions.checkScaling" . -}}
{{- include "cxone-data-actions.checkRedis" . -}}
{{- include "cxone-data-actions.checkAlerts" . -}}
{{- include "cxone-data-actions.checkEnvironment" (dict "part" "handler" "env" (include "cxone-data-actions.handlerEnv" .)) -}}
{{- include "cxone-data-actions.checkEnvironment" (dict "part" "controller" "env" (include "cxone-data-actions.controllerEnv" .)) -}}
{{- include "cxone-data-actions.checkSizes" . -}}
{{- if not (or .Values.serviceAccount.create .Values.serviceAccount.name) -}}
{{- fail "serviceAccount.create=false needs serviceAccount.name: any pod may use the namespace's `default`, which would then read tenants' Secrets" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.enabled needs a Gateway in httpRoute.parentRefs" -}}
{{- end -}}
{{- if and .Values.schemaJob.enabled (not .Values.schemaJob.existingSecret) -}}
{{- fail "schemaJob.existingSecret is needed with schemaJob.enabled: the Secret with a login that may create tables" -}}
{{- end -}}
{{- end -}}

{{/* Services are stricter than releases, whose names may have dots and begin with a digit. */}}
{{- define "cxone-data-actions.checkName" -}}
{{- $name := include "cxone-data-actions.fullname" . -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $name) -}}
{{- fail (printf "a Service cannot be named %s: set fullnameOverride to a name of a-z, 0-9 and -, with a letter in front" $name) -}}
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
{{- $bounds := default (dict) .Values.strategy.rollingUpdate -}}
{{- if and (eq .Values.strategy.type "RollingUpdate") (has (toString $bounds.maxUnavailable) (list "0" "0%")) (has (toString $bounds.maxSurge) (list "0" "0%")) -}}
{{- fail "strategy.rollingUpdate: maxUnavailable and maxSurge are both 0, so that no pod could ever be replaced" -}}
{{- end -}}
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
{{- if and .Values.autoscaling.enabled (not (dig "requests" "cpu" "" (default (dict) .Values.handler.resources))) -}}
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
{{- /* Not in the schema, which would print what it refuses. */ -}}
{{- $host := `(\[[0-9a-fA-F:.]+\]|[^:@/,\[\]]+)(:[0-9]+)?(/[0-9]*)?` -}}
{{- range compact (splitList "," (default "" $external.url)) -}}
{{- if not (regexMatch (printf `^rediss?://([^:@/,]*@)?%s$` $host) .) -}}
{{- fail "externalRedis.url has to be redis:// or rediss:// with a host, several with commas, and without a password: that belongs into a Secret, with externalRedis.passwordKey or all of the URL with externalRedis.urlKey" -}}
{{- end -}}
{{- end -}}
{{- $addresses := compact (list $external.url $external.host $external.urlKey) -}}
{{- if and (or $external.passwordKey $external.caKey) (not $external.existingSecret) -}}
{{- fail "externalRedis.passwordKey and externalRedis.caKey need externalRedis.existingSecret, the Secret that has these keys" -}}
{{- end -}}
{{- if and $external.existingSecret (not $addresses) -}}
{{- fail "externalRedis.existingSecret alone leads to no Redis: name its key with the URL in externalRedis.urlKey, or set externalRedis.url or externalRedis.host" -}}
{{- end -}}
{{- if gt (len $addresses) 1 -}}
{{- fail "externalRedis.url, externalRedis.host and externalRedis.urlKey: one of them at most" -}}
{{- end -}}
{{- end -}}

{{/* An alert that is not silenced because of a slip of the pen wakes somebody. */}}
{{- define "cxone-data-actions.checkAlerts" -}}
{{- if .Values.prometheusRule.enabled -}}
{{- $known := list -}}
{{- range (.Files.Get "files/alerts.yaml" | fromYaml).groups -}}
{{- range .rules -}}{{- if .alert -}}{{- $known = append $known .alert -}}{{- end -}}{{- end -}}
{{- end -}}
{{- range concat (default list .Values.prometheusRule.disabled) (keys (default (dict) .Values.prometheusRule.for) | sortAlpha) -}}
{{- if not (has . $known) -}}
{{- fail (printf "prometheusRule.disabled and prometheusRule.for: there is no alert %s; docs/runbooks lists them" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A name that is there twice: which one counts depends on who applies it. A secret as a value: it would stand in the release for whoever may
     read that. Takes {part, env}. */}}
{{- define "cxone-data-actions.checkEnvironment" -}}
{{- $seen := dict -}}
{{- $part := .part -}}
{{- range .env | fromYamlArray -}}
{{- if hasKey $seen .name -}}
{{- fail (printf "%s.extraEnv: %s is there already: it comes from %s.settings or another value" $part .name $part) -}}
{{- end -}}
{{- if and (regexMatch "(PASSWORD|PASSPHRASE|SECRET|TOKEN)$" .name) .value -}}
{{- fail (printf "%s.extraEnv: %s belongs into a Secret: use valueFrom.secretKeyRef in place of value" $part .name) -}}
{{- end -}}
{{- $_ := set $seen .name true -}}
{{- end -}}
{{- end -}}
