import 'reflect-metadata';
import { Logger } from '@nestjs/common';

// Refusals and broken upstreams are what most tests are about; their log lines would bury a failure.
if (process.env.TEST_LOGS !== 'true') Logger.overrideLogger(false);
