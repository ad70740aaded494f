import type { BridgeSettings } from '../calls.js';
import type { Names } from '../messages/names.js';
import type { Topics } from '../messages/topics.js';
import { homeAssistant } from './homeassistant.js';
import { type Profile, plainProfile } from './profile.js';

/** Every profile by its name in the configuration. */
const profiles: Record<BridgeSettings['profile'], (settings: BridgeSettings, topics: Topics, names: Names) => Profile> =
  {
    tidegate: () => plainProfile,
    homeassistant: homeAssistant,
  };

export const profileOf = (settings: BridgeSettings, topics: Topics, names: Names): Profile =>
  profiles[settings.profile](settings, topics, names);
