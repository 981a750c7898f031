#include "ingest/index_dataset.h"
