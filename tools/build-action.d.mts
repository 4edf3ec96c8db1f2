/** Each step of the action and the bundle that it should be. */
export function bundleAction(): Promise<readonly { readonly file: string; readonly code: string }[]>;
