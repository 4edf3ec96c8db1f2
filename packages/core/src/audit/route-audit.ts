/**
 * What a changing HTTP route (POST, PUT, PATCH, DELETE) writes into the audit log; carried in the route's `config.audit`.
 *
 * A test walks the router and fails on a changing route without one.
 */
export type RouteAudit =
  /** The event that the route records before it answers. */
  | { readonly event: string }
  /** Why the route changes nothing although its method could. */
  | { readonly none: string };
