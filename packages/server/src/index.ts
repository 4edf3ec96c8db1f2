export { ConfigError } from "./config/config-error.ts";
export type { ServerSettings } from "./config/server-config.ts";
export type { LogSink } from "./http/create-app.ts";
export type { DeclaredRoute } from "./http/declared-audit.ts";
export { type RunningServer, type StartServerOptions, startServer } from "./start-server.ts";
