import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { SpendEntity } from './spend.entity.js';

/** An amount of one level: a sum, or what is added to it. */
export type LevelAmount = Readonly<SpendEntity>;
/** Names a level. */
export type LevelName = Pick<LevelAmount, 'level_kind' | 'level_id'>;

/** Rows in one order, so that two replicas that add to the same rows never wait for each other in a circle. */
const ADD = `
  INSERT INTO "spend" ("level_kind", "level_id", "amount")
  SELECT * FROM unnest($1::text[], $2::text[], $3::double precision[]) AS added (kind, id, amount) ORDER BY kind, id
  ON CONFLICT ("level_kind", "level_id") DO UPDATE SET "amount" = "spend"."amount" + EXCLUDED."amount"
  RETURNING "level_kind", "level_id", "amount"`;

const READ = `
  SELECT "level_kind", "level_id", "amount" FROM "spend"
  WHERE ("level_kind", "level_id") IN (SELECT * FROM unnest($1::text[], $2::text[]))`;

/** The sums that all replicas add to. */
@Injectable()
export class SpendStore {
  constructor(@InjectRepository(SpendEntity) private readonly spend: Repository<SpendEntity>) {}

  readAll(): Promise<LevelAmount[]> {
    return this.spend.find();
  }

  /** Sums of these levels; levels without one are not in the answer. */
  read(levels: readonly LevelName[]): Promise<LevelAmount[]> {
    return this.spend.query<LevelAmount[]>(READ, columnsOf(levels));
  }

  /** Adds to the sums, all or none of them, and returns the new ones. */
  add(amounts: readonly LevelAmount[]): Promise<LevelAmount[]> {
    return this.spend.query<LevelAmount[]>(ADD, [...columnsOf(amounts), amounts.map(({ amount }) => amount)]);
  }
}

function columnsOf(levels: readonly LevelName[]): string[][] {
  return [levels.map(({ level_kind }) => level_kind), levels.map(({ level_id }) => level_id)];
}
