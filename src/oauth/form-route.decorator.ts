import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ACCESS_RULE, type AccessRule } from '../common/access.decorator.js';

/** As `@RequireRole('any')`, for a route whose body is a form: it reads the body itself, behind the guards. */
export const FormRoute = (): MethodDecorator => applyDecorators(SetMetadata(ACCESS_RULE, 'any' satisfies AccessRule));
