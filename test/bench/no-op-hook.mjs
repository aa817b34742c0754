import { McpHook } from 'gatehouse';

class NoOp {
  /** Looks at nothing and changes nothing: what remains is the cost of having a hook. */
  preMcpCall() {}
}

export default McpHook({ name: 'bench-no-op' })(NoOp);
