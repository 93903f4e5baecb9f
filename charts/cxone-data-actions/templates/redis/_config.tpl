{{/* A cache and nothing else: all of it may go, the least recently used first, and nothing is kept on disk. The password comes by the environment. */}}
{{- define "cxone-data-actions.redisConfig" -}}
bind * -::*
port 6379
protected-mode no
maxmemory {{ int64 .Values.redis.maxMemoryMegabytes }}mb
maxmemory-policy allkeys-lru
maxmemory-clients 10%
lazyfree-lazy-eviction yes
save ""
appendonly no
dir /data
timeout 0
tcp-keepalive 60
{{- with .Values.redis.extraConfig }}
{{ . }}
{{- end }}
{{- end -}}
