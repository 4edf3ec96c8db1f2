/** Longest JSON body of a management call, in bytes (docs/reference/management-api.md). */
export const MANAGEMENT_BODY_LIMIT: number = 64 * 1024;
