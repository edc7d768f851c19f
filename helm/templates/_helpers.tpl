{{/* The longest that a stop takes in order: 15 seconds for requests, then 10 for calls to CRMs, 10 for a token refresh. */}}
{{- define "leadbridge.drainSeconds" -}}35{{- end }}

{{- define "leadbridge.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "leadbridge.fullname" -}}
{{- $name := include "leadbridge.name" . }}
{{- $both := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- default $both .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "leadbridge.selectorLabels" -}}
app.kubernetes.io/name: {{ include "leadbridge.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "leadbridge.ownLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "leadbridge.labels" -}}
{{ include "leadbridge.selectorLabels" . }}
{{ include "leadbridge.ownLabels" . }}
{{- end }}

{{/* Labels of Pods that are none of the service's: no Service, budget or policy of it selects them. */}}
{{- define "leadbridge.helperLabels" -}}
app.kubernetes.io/name: {{ include "leadbridge.name" . | printf "%s-helper" | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{ include "leadbridge.ownLabels" . }}
{{- end }}

{{/* "true" on PostgreSQL, nothing on SQLite. */}}
{{- define "leadbridge.postgres" -}}
{{- if or .Values.database.url .Values.database.existingSecret }}true{{ end }}
{{- end }}

{{- define "leadbridge.replicas" -}}
{{- if kindIs "invalid" .Values.replicas }}
{{- include "leadbridge.postgres" . | empty | ternary 1 2 }}
{{- else }}
{{- .Values.replicas }}
{{- end }}
{{- end }}

{{/* How long a Pod that ends takes requests. The only one, with SQLite, is out of the Service by then. */}}
{{- define "leadbridge.lingerSeconds" -}}
{{- include "leadbridge.postgres" . | empty | ternary 0 (int .Values.lingerSeconds) }}
{{- end }}

{{- define "leadbridge.image" -}}
{{- $repository := required "image.repository: say where you pushed the image to; none is published" .Values.image.repository }}
{{- with .Values.image.digest }}
{{- printf "%s@%s" $repository . }}
{{- else }}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- define "leadbridge.claim" -}}
{{- default (include "leadbridge.fullname" .) .Values.persistence.existingClaim }}
{{- end }}

{{/* What is the same for every Pod: a user without rights, no token of the cluster. */}}
{{- define "leadbridge.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false # they would be variables named LEADBRIDGE_…
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "leadbridge.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* The variables of the configuration and of leadbridge itself. */}}
{{- define "leadbridge.environment" -}}
env:
  - name: LEADBRIDGE_DATABASE_URL
    {{- if .Values.database.existingSecret }}
    valueFrom:
      secretKeyRef: {name: {{ .Values.database.existingSecret | quote }}, key: {{ .Values.database.key | quote }}}
    {{- else }}
    value: {{ default "sqlite:////var/lib/leadbridge/leadbridge.db" .Values.database.url | quote }}
    {{- end }}
  {{- range $name, $value := .Values.env }}
  - name: {{ $name | quote }}
    value: {{ $value | quote }}
  {{- end }}
{{- with .Values.existingSecret }}
envFrom:
  - secretRef: {name: {{ . | quote }}}
{{- end }}
{{- end }}

{{/* What does not go together, in words that say what to do. */}}
{{- define "leadbridge.refusals" -}}
{{- $_ := required "config: give the configuration, --set-file config=leadbridge.yaml" .Values.config }}
{{- if eq (lower .Values.image.tag) "latest" }}
{{- fail "image.tag: latest says nothing of what runs, and no upgrade would be seen; name a version" }}
{{- end }}
{{- if regexMatch "://[^@]*:[^@]*@|[?&]password=" .Values.database.url }}
{{- fail "database.url: no password here; put it into existingSecret as PGPASSWORD, or the whole URL into database.existingSecret" }}
{{- end }}
{{- if hasKey .Values.env "LEADBRIDGE_DATABASE_URL" }}
{{- fail "env: the database is database.url or database.existingSecret" }}
{{- end }}
{{- range list "LEADBRIDGE_SECRET_KEY" "PGPASSWORD" }}
{{- if hasKey $.Values.env . }}
{{- fail (printf "env: no secret here; put %s into existingSecret" .) }}
{{- end }}
{{- end }}
{{- if and .Values.database.url .Values.database.existingSecret }}
{{- fail "database: give url or existingSecret, and not both" }}
{{- end }}
{{- if not (include "leadbridge.postgres" .) }}
{{- if gt (int (include "leadbridge.replicas" .)) 1 }}
{{- fail "replicas: SQLite is for one Pod; give database.url or database.existingSecret for more" }}
{{- end }}
{{- if .Values.autoscaling.enabled }}
{{- fail "autoscaling.enabled: SQLite is for one Pod; give database.url or database.existingSecret for more" }}
{{- end }}
{{- end }}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) }}
{{- fail "autoscaling: minReplicas is more than maxReplicas" }}
{{- end }}
{{- if and .Values.autoscaling.enabled (not (dig "requests" "cpu" "" .Values.resources)) }}
{{- fail "autoscaling.enabled: it needs resources.requests.cpu, of which targetCPU is a part" }}
{{- end }}
{{- if .Values.autoscaling.targetAcceptMilliseconds }}
{{- if not .Values.autoscaling.enabled }}
{{- fail "autoscaling.targetAcceptMilliseconds: it does nothing without autoscaling.enabled" }}
{{- end }}
{{- if not .Values.admin.enabled }}
{{- fail "autoscaling.targetAcceptMilliseconds: set admin.enabled, since nobody measures how long accepts take without it" }}
{{- end }}
{{- end }}
{{- if .Values.serviceMonitor.enabled }}
{{- if not .Values.admin.enabled }}
{{- fail "serviceMonitor.enabled: set admin.enabled, since there are no metrics without it" }}
{{- end }}
{{- if and .Values.networkPolicy.enabled (not .Values.networkPolicy.adminFrom) }}
{{- fail "serviceMonitor.enabled: name the namespace of Prometheus in networkPolicy.adminFrom, which lets nobody in" }}
{{- end }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) }}
{{- fail "ingress.hosts: say which names senders call" }}
{{- end }}
{{- end }}
