import { BadRequestException, NotFoundException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { GatehouseError } from './gatehouse-error.js';
import { problemOf, toGatehouseError } from './problem.js';

const SECRET = 'postgres://gatehouse:hunter2@db/prod';

describe('toGatehouseError', () => {
  it.each([
    [Object.assign(new SyntaxError('x'), { type: 'entity.parse.failed', status: 400 }), 'malformed_json'],
    [Object.assign(new Error('x'), { type: 'entity.too.large', status: 413 }), 'payload_too_large'],
    [Object.assign(new Error('x'), { type: 'charset.unsupported', status: 415 }), 'unsupported_media_type'],
    [new NotFoundException(), 'not_found'],
    [new BadRequestException(), 'invalid_request'],
    [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'dependency_unavailable'],
    [Object.assign(new Error('x'), { code: '57P01' }), 'dependency_unavailable'],
    [Object.assign(new Error('x'), { code: '23505' }), 'internal_error'],
    [new Error('x'), 'internal_error'],
    ['a string', 'internal_error'],
    [null, 'internal_error'],
  ])('%p becomes %s', (thrown, code) => {
    expect(toGatehouseError(thrown).code).toBe(code);
  });

  it('keeps its own errors', () => {
    const error = new GatehouseError('conflict', 'taken');
    expect(toGatehouseError(error)).toBe(error);
  });
});

describe('problemOf', () => {
  it('shows nothing of an unexpected error', () => {
    const problem = problemOf(toGatehouseError(new Error(SECRET)), 'r-1');
    expect(problem).toEqual({
      type: 'urn:gatehouse:error:internal_error',
      title: 'Internal error',
      status: 500,
      detail: 'The gateway could not do this.',
      code: 'internal_error',
      requestId: 'r-1',
    });
  });

  it('shows nothing of the detail and the cause of an own error', () => {
    const error = new GatehouseError('conflict', 'taken', { detail: SECRET, cause: new Error(SECRET) });
    expect(JSON.stringify(problemOf(error, 'r-1'))).not.toContain('hunter2');
  });

  it('lists field faults', () => {
    const faults = [{ path: 'a.0', message: 'must be text' }];
    expect(problemOf(new GatehouseError('invalid_request', 'x', { faults }), 'r').errors).toEqual(faults);
  });
});
