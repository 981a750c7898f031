# ccache and mold where they are installed: they change how long a build takes, never what it makes.
find_program(SKYSENSE_CCACHE ccache)
if(SKYSENSE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # The sloppiness lets ccache serve precompiled headers; the base directory lets checkouts share one cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=10G ${SKYSENSE_CCACHE})
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endif()
find_program(SKYSENSE_MOLD mold)
if(SKYSENSE_MOLD AND NOT SKYSENSE_FUZZ)
  add_link_options(-fuse-ld=mold)
endif()
