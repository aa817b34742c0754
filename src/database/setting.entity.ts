import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Row of `gatehouse_settings`. */
@Entity('gatehouse_settings')
export class SettingEntity {
  @PrimaryColumn('text')
  name: string;

  @Column('text')
  value: string;
}
