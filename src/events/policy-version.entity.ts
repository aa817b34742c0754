import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Row of `policy_versions`: a counter that every write of one kind moves. */
@Entity('policy_versions')
export class PolicyVersionEntity {
  @PrimaryColumn('text')
  name: string;

  @Column('bigint')
  version: string;
}
