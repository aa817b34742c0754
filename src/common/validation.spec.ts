import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsBoolean, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';
import { GatehouseError } from './gatehouse-error.js';
import { createValidationPipe } from './validation.js';

class Inner {
  @IsOptional()
  @IsString()
  name?: string | null;
}

class Body {
  @IsOptional()
  @IsBoolean()
  blocked?: boolean | null;

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => Inner)
  inner?: Inner | null;
}

async function check(value: unknown): Promise<unknown> {
  return createValidationPipe().transform(value, { type: 'body', metatype: Body });
}

async function refusalOf(value: unknown): Promise<GatehouseError> {
  const error: unknown = await check(value).catch((thrown: unknown) => thrown);
  if (!(error instanceof GatehouseError)) throw new Error('the value was accepted');
  return error;
}

describe('createValidationPipe', () => {
  it('keeps null and missing apart', async () => {
    expect(await check({ inner: null })).toMatchObject({ inner: null, blocked: undefined });
  });

  it('names unknown fields, nested ones by their path', async () => {
    const error = await refusalOf({ inner: { role: 'admin' } });
    expect(error.code).toBe('unknown_field');
    expect(error.faults).toEqual([{ path: 'inner.role', message: 'is not a field of this request; remove it' }]);
  });

  it('calls it invalid_request when there are other faults too', async () => {
    const error = await refusalOf({ role: 'admin', blocked: 'yes' });
    expect(error.code).toBe('invalid_request');
    expect(error.faults).toContainEqual({ path: 'blocked', message: 'must be a boolean value' });
  });

  it('does not convert values', async () => {
    expect((await refusalOf({ blocked: 1 })).faults[0]?.path).toBe('blocked');
  });

  it('never lets a prototype through', async () => {
    const polluted: unknown = JSON.parse('{"__proto__": {"isAdmin": true}}');
    const checked = await check(polluted);
    expect(checked).not.toHaveProperty('isAdmin');
    expect({}).not.toHaveProperty('isAdmin');
  });

  it('bounds the number of faults that it lists', async () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`field${index}`, 1]));
    expect((await refusalOf(many)).faults.length).toBeLessThanOrEqual(50);
  });
});
