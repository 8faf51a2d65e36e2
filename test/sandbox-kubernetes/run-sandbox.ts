import { createImageStore } from '../../sandbox/images/image-store.ts';
import { createProcessRuntime } from '../../sandbox/kubernetes/kubelet/process-runtime.ts';
import { startKubernetes } from '../../sandbox/kubernetes/kubernetes-server.ts';

/** A sandbox in a process of its own, to be killed: `node run-sandbox.ts <dir>`. Prints one line of JSON when it is up. */
const dir = process.argv[2] ?? '';
const sandbox = await startKubernetes({
  port: 0,
  gatewayPort: 0,
  dataDir: `${dir}/kubernetes`,
  runtime: createProcessRuntime({
    images: createImageStore(`${dir}/images`),
    processDir: `${dir}/kubernetes/processes`,
  }),
  log: (line) => console.error(line),
});
console.log(JSON.stringify({ gatewayUrl: sandbox.gatewayUrl, kubeconfigPath: sandbox.kubeconfigPath }));
