import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SecretDigest } from './secret-digest.js';
import { WriteLog } from './write-log.js';
import { WriteLogReader } from './write-log-reader.js';
import { WriteRecordEntity } from './write-record.entity.js';

/** Records of management writes. */
@Module({
  imports: [TypeOrmModule.forFeature([WriteRecordEntity])],
  providers: [SecretDigest, WriteLog, WriteLogReader],
  exports: [SecretDigest, WriteLog, WriteLogReader],
})
export class WriteLogModule {}
