import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Row of `pinned_servers`: a server whose tools were seen, so that a further tool is a new one. */
@Entity('pinned_servers')
export class PinnedServerEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'pinned_servers_pkey' })
  server_id: string;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  first_seen_at: Date;
}

/** Row of `tool_pins`: what was decided about one tool. */
@Entity('tool_pins')
export class ToolPinEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'tool_pins_pkey' })
  server_id: string;

  /** Upstream name. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'tool_pins_pkey' })
  tool: string;

  /** SHA-256 in hex of the definition that may be used; null: none. */
  @Column({ type: 'text', nullable: true })
  pinned_hash: string | null;

  /** What was pinned, as JSON. Text, because a jsonb column cannot hold every JSON text. */
  @Column({ type: 'text', nullable: true })
  definition: string | null;

  /** The definition that an admin said no to. */
  @Column({ type: 'text', nullable: true })
  rejected_hash: string | null;

  /** Id of the admin; null: pinned at first sight. */
  @Column({ type: 'text', nullable: true })
  decided_by: string | null;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  decided_at: Date;
}
