{{/* What both modes' pods have in common. */}}
{{- define "jobwatchd.podMetadata" -}}
labels:
  {{- with .Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- include "jobwatchd.labels" . | nindent 2 }}
annotations:
  # A change of these rolls the pod.
  checksum/config: {{ include (print $.Template.BasePath "/configmap.yaml") . | sha256sum }}
  {{- if not .Values.secrets.existingSecret }}
  checksum/secrets: {{ toYaml .Values.secrets.values | sha256sum }}
  {{- end }}
  {{- with .Values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "jobwatchd.podBasics" -}}
serviceAccountName: {{ include "jobwatchd.serviceAccount" . }}
automountServiceAccountToken: false
enableServiceLinks: false           # variables that begin with JOBWATCHD_ are settings
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "jobwatchd.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* The container's fields that do not depend on the mode. */}}
{{- define "jobwatchd.container" -}}
image: {{ include "jobwatchd.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args: [run, -c, /etc/jobwatchd/jobwatchd.yaml]
{{- with .Values.extraEnv }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  {{- include "jobwatchd.securityContext" . | nindent 2 }}
volumeMounts:
  - {name: config, mountPath: /etc/jobwatchd, readOnly: true}
  - {name: secrets, mountPath: /run/secrets, readOnly: true}
  - {name: state, mountPath: /var/lib/jobwatchd}
  - {name: tmp, mountPath: /tmp}
{{- end -}}

{{- define "jobwatchd.volumes" -}}
- name: config
  configMap:
    name: {{ include "jobwatchd.fullname" . }}
- name: secrets
  secret:
    secretName: {{ include "jobwatchd.secret" . }}
    defaultMode: 0440
- name: tmp
  emptyDir:
    medium: Memory
    sizeLimit: 16Mi
{{- end -}}
