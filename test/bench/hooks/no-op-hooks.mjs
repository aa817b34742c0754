import { McpHook } from 'gatehouse';
import { Module } from '@nestjs/common';

/** Names of ten hooks that do nothing; they run for keys that name them. */
export const NO_OPS = Array.from({ length: 10 }, (_, index) => `bench-${index}`);

const hooks = NO_OPS.map((name) =>
  McpHook({ name, defaultOn: false })(
    class {
      preMcpCall() {}
    },
  ),
);

class NoOpHooks {}
Module({ providers: hooks })(NoOpHooks);
export default NoOpHooks;
