import type { Type } from '@nestjs/common';

/**
 * A class that hands these methods on to an instance which belongs to somebody else. The gateway's own Nest container
 * makes it, so that it does not run the life-cycle methods of the instance a second time.
 */
export function facadeOf(instance: object, methods: readonly string[]): Type<object> {
  const Facade = class {};
  // Errors and audit records name the class.
  Object.defineProperty(Facade, 'name', { value: instance.constructor.name });
  for (const name of methods) {
    const method: unknown = Reflect.get(instance, name);
    if (typeof method !== 'function') continue;
    Object.defineProperty(Facade.prototype, name, {
      value: (...args: readonly unknown[]): unknown => Reflect.apply(method, instance, args),
    });
  }
  return Facade;
}
