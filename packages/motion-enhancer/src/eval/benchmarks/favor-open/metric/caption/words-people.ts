/** Who may act: our own list, singular; plurals are made by rule or stand in PLURALS. */
export const ACTORS = `
man woman person boy girl child kid baby toddler infant teenager adult guy lady gentleman male female individual human people
someone somebody figure character subject player athlete runner swimmer diver skier skater surfer cyclist rider driver
passenger pedestrian walker climber dancer singer musician guitarist drummer pianist actor actress performer juggler gymnast
boxer wrestler fighter goalkeeper pitcher batter referee coach teammate opponent student teacher professor doctor nurse
patient surgeon chef cook baker waiter waitress barber hairdresser worker builder carpenter mechanic farmer gardener
fisherman hunter soldier officer policeman policewoman firefighter guard reporter presenter host speaker photographer
cameraman videographer recorder filmer observer viewer spectator customer shopper cashier clerk painter artist magician
clown bride groom mother father mom dad parent son daughter brother sister grandmother grandfather grandma grandpa husband
wife couple friend neighbor crowd audience team group family robot
dog puppy cat kitten horse pony cow calf bull sheep lamb goat pig donkey camel elephant lion tiger bear panda monkey gorilla
rabbit hamster mouse rat squirrel fox wolf deer bird parrot pigeon duck goose swan chicken rooster hen eagle owl penguin
fish shark dolphin whale seal turtle frog snake lizard crocodile spider bee butterfly insect animal pet
`
  .trim()
  .split(/\s+/);

export const PLURALS: Readonly<Record<string, string>> = {
  man: 'men',
  woman: 'women',
  child: 'children',
  person: 'people',
  gentleman: 'gentlemen',
  policeman: 'policemen',
  policewoman: 'policewomen',
  fisherman: 'fishermen',
  cameraman: 'cameramen',
  wife: 'wives',
  wolf: 'wolves',
  calf: 'calves',
  goose: 'geese',
  mouse: 'mice',
  sheep: 'sheep',
  deer: 'deer',
  fish: 'fish',
};

/** Words for the same actor. */
export const ACTOR_SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  man: ['gentleman', 'guy', 'male'],
  woman: ['lady', 'female', 'girl'],
  person: ['individual', 'human', 'someone', 'somebody', 'figure', 'subject', 'character'],
  child: ['kid', 'toddler', 'boy', 'girl'],
  baby: ['infant', 'toddler'],
  recorder: ['cameraman', 'videographer', 'photographer', 'filmer', 'observer'],
  player: ['athlete'],
  dog: ['puppy'],
  cat: ['kitten'],
};

export const COLORS = `
black white red blue green yellow brown grey gray pink orange purple violet cyan magenta turquoise teal navy maroon beige tan
gold golden silver cream khaki dark light bright colorful striped plaid checkered
`
  .trim()
  .split(/\s+/);

export const CLOTHES = `
shirt t-shirt tshirt blouse top sweater hoodie sweatshirt cardigan vest jacket coat suit tuxedo dress skirt pants trousers
jeans shorts leggings uniform robe apron pajamas swimsuit bikini hat cap helmet hood scarf tie gloves glove socks shoes boots
sneakers sandals slippers clothes clothing outfit costume jersey overalls glasses sunglasses
`
  .trim()
  .split(/\s+/);

/** Adjectives that describe rather than tell of a motion, after "is". */
export const STATES = `
happy sad angry excited tired calm nervous surprised visible invisible present absent apparent clear blurry dark bright dim
tall short big small large tiny old young thin wide narrow empty full open closed clean dirty wet dry hot cold warm busy
quiet loud still static stationary motionless focused relaxed serious playful beautiful casual formal outdoor indoor wooden
`
  .trim()
  .split(/\s+/);
