export type { ClaimOverrides, ClaimSet, ClaimValue } from "./claim/claim-value.ts";
export { type ParsedClaimOverride, parseClaimOverride, parseClaimOverrides } from "./claim/parse-claim-override.ts";
export { type EndpointFault, type Fault, isTokenFault, type TokenFault } from "./fault/fault.ts";
export { FAULTS, type FaultHelp, formatFault, parseFault } from "./fault/parse-fault.ts";
export type { EndpointName, LoggedRequest, RequestLog } from "./http/request-log.ts";
export type { TokenRequest } from "./issuer/simulated-issuer.ts";
export { type Environment, inheritedEnvironment } from "./job/inherited-environment.ts";
export { GITLAB_TOKEN_VARIABLE, type JobEnvironment, type JobOptions } from "./job/job-environment.ts";
export { type JobOutcome, type RunJobOptions, runJob, type SignalSource } from "./job/run-job.ts";
export type { GitHubSubjectShape, JobScenario } from "./providers/simulated-provider.ts";
export {
  findsReadyTokens,
  parseSimulatedProvider,
  SIMULATED_PROVIDERS,
  type SimulatedProviderId,
} from "./providers/simulated-providers.ts";
export { type Simulator, type SimulatorOptions, startSimulator } from "./simulator.ts";
