import { applyDecorators, SetMetadata, UseInterceptors, type CustomDecorator } from '@nestjs/common';
import { JsonBodyInterceptor } from './json-body.interceptor.js';

/** Who may use a route. `admin_view` is an admin or a view-only admin; `any` is every authenticated caller. */
export type AccessRule = 'public' | 'any' | 'admin_view' | 'admin';

/** Metadata key that the global guard reads; a route without it stops the boot. */
export const ACCESS_RULE = 'gatehouse:access';

/** Declares a route that needs no credential. */
export const Public = (): CustomDecorator => SetMetadata(ACCESS_RULE, 'public' satisfies AccessRule);

/**
 * Declares who may use a route, whose body is then read behind all guards. Every route carries this or `@Public()`;
 * those are without a body.
 */
export const RequireRole = (rule: Exclude<AccessRule, 'public'>): ClassDecorator & MethodDecorator =>
  applyDecorators(SetMetadata(ACCESS_RULE, rule), UseInterceptors(JsonBodyInterceptor));
