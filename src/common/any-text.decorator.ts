const ANY_TEXT = Symbol('gatehouse:any-text');

/** For the class of a body that nobody stores: its texts may hold whatever JSON can. */
export function AnyText(): ClassDecorator {
  return (target) => Reflect.defineMetadata(ANY_TEXT, true, target);
}

/** @param type class of a body, query or parameter */
export function mayHoldAnyText(type: object | undefined): boolean {
  return type !== undefined && Reflect.hasMetadata(ANY_TEXT, type);
}
