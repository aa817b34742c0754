import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** What became of a request. A pending or approved one is over when `expires_at` has passed. */
export type ApprovalStatus = 'pending' | 'approved' | 'denied' | 'used' | 'void';

/** One call that waits for a person, or was decided on. */
@Entity('approvals')
@Index('approvals_order', ['created_at', 'id'])
@Index('approvals_binding', ['binding', 'status'])
@Index('approvals_pending', ['binding'], { unique: true, where: `"status" = 'pending'` })
@Index('approvals_key', ['key_hash'])
@Index('approvals_caller', ['caller', 'status'])
export class ApprovalEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'approvals_pkey' })
  id: string;

  /** SHA-256 in hex of the caller, the server, the tool and the arguments. */
  @Column({ type: 'text' })
  binding: string;

  @Column({ type: 'text', default: 'pending' })
  status: ApprovalStatus;

  /** SHA-256 in hex of the credential, whatever customer it names: many of one are refused, and a denial holds for it. */
  @Column({ type: 'text' })
  caller: string;

  /** Of the requester; null when it has no virtual key. */
  @Column({ type: 'text', nullable: true })
  key_hash: string | null;

  @Column({ type: 'text', nullable: true })
  key_alias: string | null;

  @Column({ type: 'text', nullable: true })
  user_id: string | null;

  @Column({ type: 'text', nullable: true })
  team_id: string | null;

  /** For whom the call is; null: the request named nobody. */
  @Column({ type: 'text', nullable: true })
  customer_id: string | null;

  @Column({ type: 'text' })
  server_id: string;

  @Column({ type: 'text' })
  server_name: string;

  /** Upstream name. */
  @Column({ type: 'text' })
  tool: string;

  /** SHA-256 in hex of the canonical JSON of the arguments. */
  @Column({ type: 'text' })
  arguments_hash: string;

  /** Encrypted JSON: the arguments, and who asked for the approval and why. */
  @Column({ type: 'text' })
  payload: string;

  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' })
  created_at: Date;

  @Column({ type: 'timestamptz', precision: 3 })
  expires_at: Date;

  /** Caller id of the approver. */
  @Column({ type: 'text', nullable: true })
  decided_by: string | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  decided_at: Date | null;

  @Column({ type: 'text', nullable: true })
  note: string | null;

  /** The call that went through with it. */
  @Column({ type: 'uuid', nullable: true })
  used_by_call: string | null;
}
