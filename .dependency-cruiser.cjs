/**
 * The rooms of the house and who may use whom (docs/architecture.md). Arrows point down only.
 * Each room lists what it may import besides itself; every room may use common and config.
 */
const rooms = {
  common: [],
  config: [],
  database: [],
  queue: ['database'],
  events: ['database'],
  outbound: [],
  expressions: [],
  auth: ['database', 'events', 'expressions', 'outbound'],
  'mcp-servers': ['auth', 'database', 'events', 'expressions', 'outbound'],
  permissions: ['auth', 'expressions', 'mcp-servers'],
  limits: ['auth', 'database', 'events', 'mcp-servers'],
  hooks: ['auth'],
  credentials: ['auth', 'mcp-servers'],
  audit: ['auth', 'database'],
  upstream: ['mcp-servers', 'credentials', 'outbound', 'permissions', 'auth'],
  catalog: ['permissions', 'hooks', 'upstream', 'mcp-servers', 'auth'],
  explain: ['permissions', 'catalog', 'audit', 'auth', 'database', 'expressions', 'mcp-servers'],
  'tool-calls': ['permissions', 'limits', 'hooks', 'audit', 'catalog', 'upstream', 'mcp-servers', 'auth'],
  'server-requests': ['permissions', 'limits', 'audit', 'catalog', 'upstream', 'mcp-servers', 'auth'],
  health: ['mcp-servers', 'upstream', 'catalog', 'queue', 'events', 'database', 'auth', 'hooks', 'audit'],
  'mcp-endpoint': ['tool-calls', 'server-requests', 'catalog', 'permissions', 'mcp-servers', 'auth', 'audit'],
  'rest-endpoint': ['tool-calls', 'catalog', 'permissions', 'mcp-servers', 'auth', 'audit'],
};
const floor = ['common', 'config'];
const pathOf = (names) => `^src/(${names.join('|')})/`;

const boundaries = Object.entries(rooms).map(([room, uses]) => ({
  name: `room-${room}`,
  comment: `${room} may use: ${[...uses, ...floor].join(', ')}`,
  severity: 'error',
  from: { path: `^src/${room}/`, pathNot: '\\.spec\\.ts$' },
  to: { path: '^src/', pathNot: pathOf([room, ...uses, ...(room === 'common' ? [] : floor)]) },
}));

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...boundaries,
    {
      name: 'only-the-road-dispatches',
      comment: 'a tool call leaves the house only through tool-calls; nobody else may import a backend that can invoke',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(upstream|tool-calls|app\\.module)' },
      to: { path: '^src/upstream/.*backend' },
    },
    {
      name: 'no-foreign-entities',
      comment: 'an entity stays in its room; across rooms a foreign key is an id',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/.*\\.entity', pathNot: '^src/$1/' },
    },
    { name: 'no-barrels', severity: 'error', from: {}, to: { path: '^src/.+/index\\.ts$' } },
    {
      name: 'not-to-dev-dep',
      severity: 'error',
      from: { path: '^src', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
