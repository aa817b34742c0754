import type { CanActivate, DynamicModule, ModuleMetadata, Provider, Type } from '@nestjs/common';
import type { McpCallInterceptor } from '../hooks/call-extensions.js';

/**
 * Settings of an embedded gateway. They mean what the environment variables of the stand-alone server mean
 * (docs/configuration.md) and have the same defaults; the environment of the process is not read, except NODE_ENV.
 */
export interface GatehouseSettings {
  /** `DATABASE_URL`. Left out: a PostgreSQL of the gateway's own in `dataDir`. */
  readonly databaseUrl?: string;
  /** `REDIS_URL` */
  readonly redisUrl?: string;
  /** `DATA_DIR`, from the working directory. Default `.data`. */
  readonly dataDir?: string;
  /** `MASTER_KEY`: `sk-` and at least 29 characters more. */
  readonly masterKey?: string;
  /** `ENCRYPTION_KEYS`: `kid:base64(32 bytes)`, the first encrypts. */
  readonly encryptionKeys?: readonly string[];
  /** `PUBLIC_BASE_URL`, with `path` in it when there is one: `https://app.example.com/gatehouse`. */
  readonly publicBaseUrl?: string;
  /** `CONFIG_FILE`, from the working directory. */
  readonly configFile?: string;
  /** `OUTBOUND_ALLOW` */
  readonly outboundAllow?: readonly string[];
  /** `STDIO_COMMANDS` */
  readonly stdioCommands?: readonly string[];
  /** `ALLOWED_ORIGINS` */
  readonly allowedOrigins?: readonly string[];
  /** `ALLOWED_HOSTS`: names besides loopback under which the MCP doors may be reached. */
  readonly allowedHosts?: readonly string[];
  /** `TRUSTED_PROXIES` */
  readonly trustedProxies?: readonly string[];
  /** `METRICS_PUBLIC` */
  readonly metricsPublic?: boolean;
  /** `APPROVE_OWN_CALLS` */
  readonly approveOwnCalls?: boolean;
  /** `MIGRATIONS_RUN` */
  readonly runMigrations?: boolean;
  /** `MCP_TOOL_PREFIX_SEPARATOR` */
  readonly toolPrefixSeparator?: string;
  /** `SESSION_IDLE_SECONDS` */
  readonly sessionIdleSeconds?: number;
}

/** What `GatehouseModule.register` takes. */
export interface GatehouseOptions extends GatehouseSettings {
  /**
   * Where the gateway lives on the server of the application; default `/gatehouse`. Everything below it is the
   * gateway's. With `/` the gateway has its own paths at the root, and the application all others.
   */
  readonly path?: string;
  /**
   * Guardrails besides those that modules of the application provide: classes with `@McpHook`, providers of such, or
   * whole modules. They live in the gateway; what they inject must come from their own module.
   */
  readonly guardrails?: readonly (Type<unknown> | DynamicModule | Provider)[];
  /** Guards on tool calls, as under `MCP_CALL_GUARDS`. */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[];
  /** Interceptors on tool calls, as under `MCP_CALL_INTERCEPTORS`. */
  readonly interceptors?: readonly (Type<McpCallInterceptor> | McpCallInterceptor)[];
}

/** What `GatehouseModule.registerAsync` takes: a factory with whatever it needs injected. */
export interface GatehouseAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: readonly (Type<unknown> | string | symbol)[];
  // As Nest types its factories: what is injected is known to the author only.
  readonly useFactory: (...injected: never[]) => GatehouseOptions | Promise<GatehouseOptions>;
}

/** DI token of the options in the module of the application. */
export const GATEHOUSE_OPTIONS = Symbol('gatehouse:options');
