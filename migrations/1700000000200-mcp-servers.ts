import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Registered servers; url, credentials, static_headers, args and env are encrypted. */
export class McpServers1700000000200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "mcp_servers" (
        "server_id" text NOT NULL,
        "server_name" text,
        "alias" text,
        "description" text,
        "instructions" text,
        "transport" text NOT NULL,
        "url" text,
        "auth_type" text,
        "credentials" text,
        "static_headers" text,
        "extra_headers" text[] NOT NULL DEFAULT '{}',
        "command" text,
        "args" text,
        "env" text,
        "allowed_tools" text[] NOT NULL DEFAULT '{}',
        "disallowed_tools" text[] NOT NULL DEFAULT '{}',
        "allowed_params" jsonb,
        "tool_name_to_display_name" jsonb NOT NULL DEFAULT '{}',
        "tool_name_to_description" jsonb NOT NULL DEFAULT '{}',
        "mcp_info" jsonb,
        "allow_all_keys" boolean NOT NULL DEFAULT false,
        "available_on_public_internet" boolean NOT NULL DEFAULT true,
        "mcp_access_groups" text[] NOT NULL DEFAULT '{}',
        "guardrails" text[] NOT NULL DEFAULT '{}',
        "timeout" double precision,
        "max_concurrent_requests" integer,
        "protocol_era" text NOT NULL DEFAULT 'auto',
        "session_mode" text NOT NULL DEFAULT 'per_principal',
        "health_check_interval" double precision,
        "source_url" text,
        "approval_status" text NOT NULL DEFAULT 'active',
        "submitted_by" text,
        "health_status" text NOT NULL DEFAULT 'unknown',
        "last_health_check" timestamptz(3),
        "health_check_error" text,
        "revision" integer NOT NULL,
        "created_at" timestamptz(3) NOT NULL,
        "created_by" text NOT NULL,
        "updated_at" timestamptz(3) NOT NULL,
        "updated_by" text NOT NULL,
        CONSTRAINT "mcp_servers_pkey" PRIMARY KEY ("server_id")
      )`);
    await runner.query(`CREATE INDEX "mcp_servers_order" ON "mcp_servers" ("created_at", "server_id")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "mcp_servers"`);
  }
}
