export { LfsFileStore } from "./adapters/lfs-file-store.ts";
export { SqliteLfsLinks } from "./adapters/sqlite/sqlite-lfs-links.ts";
export { registerLfsRoutes } from "./http/lfs-routes.ts";
export type { LfsRoutesDeps } from "./http/lfs-routes-deps.ts";
export { type ResolveRoutesDeps, registerResolveRoutes } from "./http/resolve-routes.ts";
export type { LfsLinks } from "./lfs/lfs-links.ts";
export type { LfsStore } from "./lfs/lfs-store.ts";
export { DEFAULT_TRANSFER_SETTINGS, type TransferSettings } from "./lfs/transfer-settings.ts";
