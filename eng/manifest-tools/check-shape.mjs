// Checks that every workload has what a cluster of ours wants of it: probes, resources, the restricted security context, and beside it a
// disruption budget, an autoscaler, a service and a network policy; a service with a database also its migration. What is missing is no type
// error, so nothing else finds it. Usage: node check-shape.mjs rendered.yaml
import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";

const [file] = process.argv.slice(2);
const objects = parseAllDocuments(readFileSync(file, "utf8")).map((document) => document.toJS()).filter(Boolean);
const all = (kind) => objects.filter((object) => object.kind === kind);
const problems = [];
let checked = 0;

function demand(holds, whose, what) {
  checked++;
  if (!holds) problems.push(`${file}: ${whose}: ${what}`);
}

function checkPod(whose, { metadata, spec }) {
  const { securityContext = {} } = spec;
  demand(securityContext.runAsNonRoot === true && securityContext.runAsUser > 0, whose, "does not run as a user who is not root");
  demand(securityContext.seccompProfile?.type === "RuntimeDefault", whose, "has no seccomp profile");
  demand(spec.automountServiceAccountToken === false, whose, "is given a token for the cluster's API, which it does not use");
  demand(all("NetworkPolicy").some((policy) => selects(policy.spec.podSelector, metadata.labels)
    && ["Ingress", "Egress"].every((type) => policy.spec.policyTypes?.includes(type))), whose, "has no network policy for both ways");
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    const name = `${whose}, container ${container.name}`;
    const { resources = {}, securityContext: own = {} } = container;
    demand(own.allowPrivilegeEscalation === false && own.capabilities?.drop?.includes("ALL"), name, "may gain privileges");
    demand(own.readOnlyRootFilesystem === true, name, "may write to its image");
    demand(container.volumeMounts?.some(({ mountPath }) => mountPath === "/tmp"), name, "has nowhere to write");
    demand(resources.requests?.cpu && resources.requests?.memory && resources.limits?.memory, name, "does not say what it needs and how much memory it may take");
  }
}

function checkDeployment({ metadata: { name }, spec }) {
  const whose = `Deployment ${name}`;
  const { labels } = spec.template.metadata;
  checkPod(whose, spec.template);
  demand(selects(spec.selector, labels), whose, "does not select its own pods");
  for (const container of spec.template.spec.containers) {
    const ports = new Set(container.ports?.flatMap((port) => [port.name, port.containerPort]));
    for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"]) {
      demand(ports.has(container[probe]?.httpGet?.port), `${whose}, container ${container.name}`, `has no ${probe} at one of its ports`);
    }
    demand(container.livenessProbe?.httpGet?.path !== container.readinessProbe?.httpGet?.path, whose, "takes being alive for being ready");
  }
  demand(all("PodDisruptionBudget").some((budget) => selects(budget.spec.selector, labels)), whose, "has no disruption budget");
  const scaler = all("HorizontalPodAutoscaler").find(({ spec: { scaleTargetRef: target } }) => target.kind === "Deployment" && target.name === name);
  demand(scaler && scaler.spec.minReplicas >= 1 && spec.replicas === undefined, whose, "has no autoscaler, or one that replicas contradict");
  const services = all("Service").filter((service) => selects({ matchLabels: service.spec.selector }, labels));
  demand(services.length > 0, whose, "has no service");
  if (spec.template.spec.containers.some(({ envFrom = [] }) => envFrom.some(({ secretRef }) => secretRef?.name.endsWith("-database")))) {
    demand(services.some((service) => service.spec.clusterIP === "None"), whose, "has no headless service, so gRPC calls would all go to one pod");
    demand(all("Job").some((job) => job.metadata.name === `${name}-migrate`), whose, "has no migration");
  }
}

const selects = ({ matchLabels = {} } = {}, labels = {}) =>
  Object.keys(matchLabels).length > 0 && Object.entries(matchLabels).every(([key, value]) => labels[key] === value);

all("Deployment").forEach(checkDeployment);
all("Job").forEach(({ metadata, spec }) => checkPod(`Job ${metadata.name}`, spec.template));
for (const problem of problems) console.error(problem);
console.log(`${file.split("/").at(-1)}: ${checked} demands checked, ${problems.length} problems`);
process.exit(problems.length > 0 || all("Deployment").length === 0 ? 1 : 0);
