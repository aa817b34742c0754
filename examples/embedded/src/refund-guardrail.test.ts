import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryCall } from 'gatehouse/testing';
import { RefundsModule } from './refunds.module.js';

test('small refunds pass and are marked', async () => {
  const tried = await tryCall(RefundsModule, { tool: 'refund', arguments: { order: 7, amount: 20 } });
  assert.equal(tried.outcome, 'pass');
  assert.deepEqual(tried.headers, { 'x-refund-checked': 'yes' });
});

test('large refunds are refused before anything is sent', async () => {
  const tried = await tryCall(RefundsModule, { tool: 'refund', arguments: { order: 7, amount: 2000 } });
  assert.equal(tried.outcome, 'blocked');
  assert.equal(tried.sent, 'no');
});
