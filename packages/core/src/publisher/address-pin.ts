import { isAddressIn, networkOfAddress } from "./address-range.ts";

/** What a token is pinned to: one IPv4 address, or the /64 of an IPv6 one, because a machine there changes its address at will. */
export type AddressPin = string;

/**
 * The pin of a token that was earned from this address.
 *
 * @returns `undefined` for an address that cannot be read: nothing can be pinned to it.
 */
export function pinOfAddress(address: string | undefined): AddressPin | undefined {
  return networkOfAddress(address, 64);
}

/** Whether a token with this pin works from this address; an address that cannot be read never fits. */
export function fitsPin(address: string | undefined, pin: AddressPin): boolean {
  return isAddressIn(address, [pin]);
}
