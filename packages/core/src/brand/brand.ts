declare const brand: unique symbol;

/**
 * A value of type `T` that only its own `parse…` or constructor function makes.
 *
 * Casting to a brand is allowed in that function and nowhere else.
 */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
