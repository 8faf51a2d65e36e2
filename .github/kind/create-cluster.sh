#!/usr/bin/env bash
# Makes the kind cluster `mcp-hosting` with Argo CD, Gateway API and a registry at localhost:5001, for
# `npm start -- --kubeconfig` and `npm run test:cluster`. With `--keda`, KEDA and its HTTP add-on too (needs helm).
# The registry's part is what https://kind.sigs.k8s.io/docs/user/local-registry/ says.
set -euo pipefail

readonly CLUSTER=mcp-hosting
readonly REGISTRY=kind-registry
readonly REGISTRY_PORT=5001
readonly ARGOCD_VERSION=v3.5.1
readonly GATEWAY_API_VERSION=v1.6.0

if [ "$(docker inspect --format '{{.State.Running}}' "$REGISTRY" 2>/dev/null || true)" != true ]; then
  docker run --detach --restart always --publish "127.0.0.1:$REGISTRY_PORT:5000" --network bridge --name "$REGISTRY" registry:3
fi

kind create cluster --name "$CLUSTER" --config - <<'CONFIG'
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
containerdConfigPatches:
  - |-
    [plugins."io.containerd.grpc.v1.cri".registry]
      config_path = "/etc/containerd/certs.d"
CONFIG

# To a node, localhost is itself: it is told where the registry is.
for node in $(kind get nodes --name "$CLUSTER"); do
  directory="/etc/containerd/certs.d/localhost:$REGISTRY_PORT"
  docker exec "$node" mkdir -p "$directory"
  docker exec --interactive "$node" cp /dev/stdin "$directory/hosts.toml" <<< "[host.\"http://$REGISTRY:5000\"]"
done
docker network connect kind "$REGISTRY" 2>/dev/null || true

kubectl="kubectl --context kind-$CLUSTER"
$kubectl apply --filename - <<CONFIG
apiVersion: v1
kind: ConfigMap
metadata:
  name: local-registry-hosting
  namespace: kube-public
data:
  localRegistryHosting.v1: |
    host: "localhost:$REGISTRY_PORT"
    help: "https://kind.sigs.k8s.io/docs/user/local-registry/"
CONFIG

$kubectl apply --server-side --filename \
  "https://github.com/kubernetes-sigs/gateway-api/releases/download/$GATEWAY_API_VERSION/standard-install.yaml"
$kubectl create namespace argocd
$kubectl apply --server-side --namespace argocd --filename \
  "https://raw.githubusercontent.com/argoproj/argo-cd/$ARGOCD_VERSION/manifests/install.yaml"

if [ "${1:-}" = --keda ]; then
  helm repo add kedacore https://kedacore.github.io/charts
  helm install keda kedacore/keda --kube-context "kind-$CLUSTER" --namespace keda --create-namespace --wait
  helm install http-add-on kedacore/keda-add-ons-http --kube-context "kind-$CLUSTER" --namespace keda --wait
fi

for workload in statefulset/argocd-application-controller deployment/argocd-repo-server deployment/argocd-applicationset-controller; do
  $kubectl --namespace argocd rollout status "$workload" --timeout 300s
done
