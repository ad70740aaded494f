/**
 * Every HTTP route. routes/ holds one file per topic: what a route takes, who may call it, what it answers. Sockets, checks and
 * OpenAPI are in http/, which knows no route.
 */
import type { Route } from '../http/route.js';
import { attemptRoutes } from './attempts.js';
import { commandRoutes } from './commands.js';
import { credentialRoutes } from './credentials.js';
import { deviceEditRoutes } from './deviceEdits.js';
import { deviceRoutes } from './devices.js';
import { gatewayRoutes } from './gateway.js';
import { keyRoutes } from './keys.js';
import { modelRoutes } from './models.js';
import { readingRoutes } from './readings.js';
import { upkeepRoutes } from './upkeep.js';

/** Every HTTP route of the operator side but the OpenAPI document itself and the console's files. */
export const routes: readonly Route[] = [
  ...deviceRoutes,
  ...deviceEditRoutes,
  ...credentialRoutes,
  ...attemptRoutes,
  ...readingRoutes,
  ...commandRoutes,
  ...modelRoutes,
  ...keyRoutes,
  ...gatewayRoutes,
  ...upkeepRoutes,
];
