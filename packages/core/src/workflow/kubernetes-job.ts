import { type GeneratedWorkflow, pinned, quoted, uploadCommand, type WorkflowRequest } from "./workflow-request.ts";

/** A Job whose pod has a token for our audience and none for the cluster's own API. */
export function kubernetesJob(request: WorkflowRequest): GeneratedWorkflow {
  const { endpoint, resource } = request;
  const [, , subjectNamespace, subjectName] = pinned(request, "sub")?.split(":") ?? [];
  const namespace = pinned(request, "namespace", "/kubernetes.io/namespace") ?? subjectNamespace ?? "default";
  const account =
    pinned(request, "service_account", "serviceaccount", "/kubernetes.io/serviceaccount/name") ??
    subjectName ??
    "publisher";
  const lines = [
    "apiVersion: batch/v1",
    "kind: Job",
    "metadata:",
    "  name: publish",
    `  namespace: ${quoted(namespace)}`,
    "spec:",
    "  template:",
    "    spec:",
    "      restartPolicy: Never",
    `      serviceAccountName: ${quoted(account)}`,
    "      # The pod publishes; it has no business with the cluster.",
    "      automountServiceAccountToken: false",
    "      containers:",
    "        - name: publish",
    "          image: node:24@sha256:DIGEST",
    `          command: ["sh", "-c", ${quoted(uploadCommand(request))}]`,
    "          env:",
    `            - { name: HF_ENDPOINT, value: ${quoted(endpoint)} }`,
    `            - { name: HF_OIDC_RESOURCE, value: ${quoted(resource)} }`,
    "            - { name: HF_OIDC_ID_TOKEN_FILE, value: /var/run/secrets/postern/token }",
    "          volumeMounts:",
    "            - { name: postern-token, mountPath: /var/run/secrets/postern, readOnly: true }",
    "      volumes:",
    "        - name: postern-token",
    "          projected:",
    "            sources:",
    "              - serviceAccountToken:",
    "                  path: token",
    `                  audience: ${quoted(endpoint)}`,
    "                  expirationSeconds: 600",
  ];
  return {
    path: undefined,
    text: `${lines.join("\n")}\n`,
    notes: [
      "Replace DIGEST by the digest of an image that holds the files, Node 22 or newer, and nothing else.",
      `The service account ${account} in ${namespace} must be the one whose uid the publisher pins: a new one of that name has another.`,
    ],
  };
}
